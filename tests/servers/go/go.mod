module bindings

go 1.23
