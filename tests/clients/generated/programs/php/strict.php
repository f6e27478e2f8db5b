<?php

// Whatever PHP remarks, down to a notice, ends the program that this is put before.

declare(strict_types=1);

set_error_handler(function (int $level, string $message, string $file, int $line): never {
    throw new ErrorException($message, 0, $level, $file, $line);
});
