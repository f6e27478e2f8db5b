<?php

use Twilio\Http\CurlClient;
use Twilio\Http\Response;
use Twilio\Rest\Client;

final class Loopback extends CurlClient
{
    public function __construct(private string $server)
    {
        parent::__construct();
    }

    public function request(string $method, string $url, ...$rest): Response
    {
        return parent::request($method, str_replace('https://chat.twilio.com', $this->server, $url), ...$rest);
    }
}

function clientAt(string $url, string $accountSid, string $authToken): Client
{
    return new Client($accountSid, $authToken, null, null, new Loopback($url));
}
