// The programs of this folder, as one: the first argument names the program, the others are its own.
package main

import (
	"encoding/json"
	"log"
	"os"
)

var programs = map[string]func(arguments []string) (any, error){
	"errors":  errorsOf,
	"filters": filter,
	"key":     listWithKey,
	"read":    read,
	"walk":    walk,
}

func main() {
	result, err := programs[os.Args[1]](os.Args[2:])
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}
