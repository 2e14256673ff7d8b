<?php /* harmless: a test text in the shape of a web shell */
// GHSHELL field=c
