// The contract on Go's net/http, written from openapi/bindings.yaml alone.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	world := flag.String("world", "", "the world to serve, as `chat-bindings fixtures` writes it")
	defect := flag.String("defect", "", "a defect to have, by its name")
	list := flag.Bool("list", false, "print the defects as JSON")
	flag.Parse()
	if *list {
		if err := json.NewEncoder(os.Stdout).Encode(defects); err != nil {
			log.Fatal(err)
		}
		return
	}
	store, err := load(*world)
	if err != nil {
		log.Fatal(err)
	}
	app := newApp(store)
	handler := app.handler()
	if *defect != "" {
		handler = planted(*defect, app)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening at http://%s\n", listener.Addr())
	server := &http.Server{Handler: handler, ErrorLog: log.New(os.Stderr, "", 0), MaxHeaderBytes: app.maxHeader}
	log.Fatal(server.Serve(listener))
}
