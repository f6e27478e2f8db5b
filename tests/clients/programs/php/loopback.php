<?php

// Print what a list of pages of one holds, and the status of a fetch of what is not there.
// TWILIO_PHP names the autoloader of twilio-php, where it is there.

declare(strict_types=1);

require getenv('TWILIO_PHP') ?: __DIR__ . '/twilio.php';
require __DIR__ . '/../../loopback/loopback.php';

[, $url, $accountSid, $authToken, $serviceSid] = $argv;
$client = clientAt($url, $accountSid, $authToken);
$bindings = "https://chat.twilio.com/v2/Services/$serviceSid/Bindings";
$listed = [];
for ($next = "$bindings?PageSize=1"; $next; $next = $page['meta']['next_page_url']) {
    $page = $client->request('GET', $next)->getContent();
    array_push($listed, ...array_column($page['bindings'], 'sid'));
}
$absent = $client->request('GET', "$bindings/BS" . str_repeat('f', 32))->getStatusCode();
echo json_encode(['listed' => $listed, 'absent' => $absent]);
