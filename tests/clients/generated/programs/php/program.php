<?php

// Use the generated client as its reader would, and print what it gives, a JSON document on each line.

declare(strict_types=1);

use ChatBindings\Client\Api\BindingsApi;
use ChatBindings\Client\ApiException;
use ChatBindings\Client\Configuration;
use ChatBindings\Client\Model\Binding;
use ChatBindings\Client\Model\BindingList;
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

/** @return list<?string> */
function sids(BindingList $found): array
{
    return array_map(fn (Binding $binding): ?string => $binding->getSid(), $found->getBindings());
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

function iso(?DateTime $time): ?string
{
    return $time?->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d\TH:i:s\Z');
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
        'user' => $binding->getLinks()?->getUser(),
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

/** @param array<string, mixed> $case */
function tellCase(BindingsApi $api, array $case): void
{
    try {
        $page = $api->listBindings($case['service'], $case['types'], $case['identities']);
        tell('case', case: $case['case'], bindings: array_map(properties(...), $page->getBindings()));
    } catch (ApiException $raised) {
        tell('case', case: $case['case'], http: $raised->getCode(), text: $raised->getResponseBody());
    }
}

$service = setting('SERVICE_SID');
$sid = setting('BINDING_SID');
$api = apiAs(setting('AUTH_TOKEN'));

foreach (json_decode((string) file_get_contents(setting('CASES')), true, flags: JSON_THROW_ON_ERROR) as $case) {
    tellCase($api, $case);
}
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
