<?php

// Use the generated client as its reader would, and print what it gives, a JSON document on each line.

declare(strict_types=1);

use ChatBindings\Client\Api\BindingsApi;
use ChatBindings\Client\ApiException;
use ChatBindings\Client\Configuration;
use ChatBindings\Client\Model\Binding;
use ChatBindings\Client\Model\BindingList;
use ChatBindings\Client\Model\BindingType;
use ChatBindings\Client\Model\Error;

require 'vendor/autoload.php';

function setting(string $name): string
{
    $value = getenv($name);
    return $value !== false ? $value : throw new RuntimeException("$name is not set");
}

function tell(string $step, mixed ...$told): void
{
    echo json_encode(['step' => $step, ...$told], JSON_THROW_ON_ERROR), "\n";
}

function apiAs(string $token): BindingsApi
{
    $configuration = (new Configuration())
        ->setHost(setting('BASE_URL'))
        ->setUsername(setting('ACCOUNT_SID'))
        ->setPassword($token);
    return new BindingsApi(config: $configuration);
}

/** @return list<string> */
function sids(BindingList $found): array
{
    return array_map(fn (Binding $binding): string => $binding->getSid(), $found->getBindings());
}

/** @return Generator<BindingList> */
function pages(BindingsApi $api, string $service, int $size): Generator
{
    $token = null;
    do {
        $page = $api->listBindings($service, page_size: $size, page_token: $token);
        yield $page;
        $next = $page->getMeta()->getNextPageUrl();
        parse_str((string) parse_url($next ?? '', PHP_URL_QUERY), $query);
        $token = $query['PageToken'] ?? null;
    } while ($next !== null);
}

function iso(DateTime $time): string
{
    return $time->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d\TH:i:s\Z');
}

/** @return array<string, mixed> */
function properties(Binding $binding): array
{
    return [
        'sid' => $binding->getSid(),
        'account_sid' => $binding->getAccountSid(),
        'service_sid' => $binding->getServiceSid(),
        'date_created' => iso($binding->getDateCreated()),
        'date_updated' => iso($binding->getDateUpdated()),
        'endpoint' => $binding->getEndpoint(),
        'identity' => $binding->getIdentity(),
        'binding_type' => $binding->getBindingType(),
        'credential_sid' => $binding->getCredentialSid(),
        'message_types' => $binding->getMessageTypes(),
        'url' => $binding->getUrl(),
        'user' => $binding->getLinks()->getUser(),
    ];
}

function tellError(string $step, Closure $request): void
{
    try {
        $request();
    } catch (ApiException $raised) {
        $error = $raised->getResponseObject();
        assert($error instanceof Error);
        tell(
            $step,
            http: $raised->getCode(),
            code: $error->getCode(),
            message: $error->getMessage(),
            info: $error->getMoreInfo(),
            status: $error->getStatus(),
        );
    }
}

$service = setting('SERVICE_SID');
$sid = setting('BINDING_SID');
$identities = array_slice($argv, 1);
$api = apiAs(setting('AUTH_TOKEN'));

foreach ($identities as $identity) {
    tell('identity', identity: $identity, sids: sids($api->listBindings($service, identity: [$identity])));
}
$types = [BindingType::APN, BindingType::FCM];
tell('filtered', sids: sids($api->listBindings($service, $types, $identities)));
$walk = iterator_to_array(pages($api, $service, (int) setting('PAGE_SIZE')));
tell('walked', pages: array_map(sids(...), $walk));
$meta = $walk[0]->getMeta();
tell(
    'meta',
    page: $meta->getPage(),
    page_size: $meta->getPageSize(),
    first: $meta->getPreviousPageUrl() === null,
    key: $meta->getKey(),
);

tell('fetched', binding: properties($api->fetchBinding($service, $sid)));
$api->deleteBinding($service, $sid);
tellError('fetched again', fn () => $api->fetchBinding($service, $sid));
tellError('deleted again', fn () => $api->deleteBinding($service, $sid));
tellError('too large', fn () => $api->listBindings($service, page_size: 1001));
tellError('unauthorized', fn () => apiAs(str_repeat('0', 32))->listBindings($service));
