module example.com/chat-bindings/program

go 1.23

require example.com/chat-bindings/client v0.0.0

replace example.com/chat-bindings/client => ../client
