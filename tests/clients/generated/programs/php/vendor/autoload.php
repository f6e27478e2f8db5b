<?php

// What Composer would write, for libraries that came from Debian and the client beside this program.

declare(strict_types=1);

require 'GuzzleHttp/autoload.php';

spl_autoload_register(function (string $class): void {
    $prefix = 'ChatBindings\\Client\\';
    if (str_starts_with($class, $prefix)) {
        $name = str_replace('\\', '/', substr($class, strlen($prefix)));
        require __DIR__ . "/../../client/lib/$name.php";
    }
});
