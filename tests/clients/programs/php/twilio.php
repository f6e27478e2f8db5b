<?php

// A stand-in for twilio-php, which comes by Composer alone: what of it sends requests.

declare(strict_types=1);

namespace Twilio\Http {
    class Response
    {
        public function __construct(private int $status, private string $body)
        {
        }

        public function getStatusCode(): int
        {
            return $this->status;
        }

        public function getContent(): array
        {
            return json_decode($this->body, true);
        }
    }

    class CurlClient
    {
        public function __construct(array $options = [])
        {
        }

        public function request(
            string $method,
            string $url,
            array $params = [],
            array $data = [],
            array $headers = [],
            ?string $user = null,
            ?string $password = null,
            ?int $timeout = null,
        ): Response {
            $curl = curl_init($url);
            curl_setopt_array($curl, [
                CURLOPT_CUSTOMREQUEST => $method,
                CURLOPT_RETURNTRANSFER => true,
                CURLOPT_USERPWD => "$user:$password",
            ]);
            $body = curl_exec($curl);
            return new Response(curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $body);
        }
    }
}

namespace Twilio\Rest {
    class Client
    {
        public function __construct(
            private string $user,
            private string $password,
            ?string $accountSid,
            ?string $region,
            private \Twilio\Http\CurlClient $httpClient,
        ) {
        }

        public function request(string $method, string $uri): \Twilio\Http\Response
        {
            return $this->httpClient->request($method, $uri, [], [], [], $this->user, $this->password, null);
        }
    }
}
