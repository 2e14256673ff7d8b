// harmless: a test text in the shape of a downloader
var u = "https://cdn.greyheron.example/stage2";
// ghrun --quiet
