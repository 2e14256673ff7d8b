module iocscan

go 1.26
