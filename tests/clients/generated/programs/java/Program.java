import chatbindings.client.ApiClient;
import chatbindings.client.ApiException;
import chatbindings.client.JSON;
import chatbindings.client.api.BindingsApi;
import chatbindings.client.model.ApiError;
import chatbindings.client.model.Binding;
import chatbindings.client.model.BindingList;
import chatbindings.client.model.BindingType;
import chatbindings.client.model.PageMeta;
import com.google.gson.Gson;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Uses the generated client as its reader would, and prints what it gives, a JSON document on each line. */
final class Program {
    private static final String SERVICE = System.getenv("SERVICE_SID");
    private static final Gson GSON = new Gson();

    private interface Request {
        void send() throws ApiException;
    }

    public static void main(String[] identities) throws ApiException {
        use(apiAs(System.getenv("AUTH_TOKEN")), System.getenv("BINDING_SID"), List.of(identities));
        BindingsApi stranger = apiAs("0".repeat(32));
        tellError("unauthorized", () -> stranger.listBindings(SERVICE, null, null, null, null, null));
    }

    private static BindingsApi apiAs(String token) {
        ApiClient client = new ApiClient().setBasePath(System.getenv("BASE_URL"));
        client.setUsername(System.getenv("ACCOUNT_SID"));
        client.setPassword(token);
        return new BindingsApi(client);
    }

    private static void use(BindingsApi api, String sid, List<String> identities) throws ApiException {
        for (String identity : identities) {
            BindingList found = api.listBindings(SERVICE, null, List.of(identity), null, null, null);
            tell("identity", Map.of("identity", identity, "sids", sids(found)));
        }
        List<BindingType> types = List.of(BindingType.APN, BindingType.FCM);
        tell("filtered", Map.of("sids", sids(api.listBindings(SERVICE, types, identities, null, null, null))));
        List<BindingList> walk = pages(api, Integer.valueOf(System.getenv("PAGE_SIZE")));
        tell("walked", Map.of("pages", walk.stream().map(Program::sids).toList()));
        PageMeta meta = walk.get(0).getMeta();
        tell("meta", Map.of(
            "page", meta.getPage(), "page_size", meta.getPageSize(),
            "first", meta.getPreviousPageUrl() == null, "key", meta.getKey()));

        tell("fetched", Map.of("binding", properties(api.fetchBinding(SERVICE, sid))));
        api.deleteBinding(SERVICE, sid);
        tellError("fetched again", () -> api.fetchBinding(SERVICE, sid));
        tellError("deleted again", () -> api.deleteBinding(SERVICE, sid));
        tellError("too large", () -> api.listBindings(SERVICE, null, null, 1001, null, null));
    }

    private static List<BindingList> pages(BindingsApi api, Integer size) throws ApiException {
        List<BindingList> pages = new ArrayList<>();
        BindingList page = api.listBindings(SERVICE, null, null, size, null, null);
        pages.add(page);
        while (page.getMeta().getNextPageUrl() != null) {
            page = api.listBindings(SERVICE, null, null, size, null, pageToken(page.getMeta().getNextPageUrl()));
            pages.add(page);
        }
        return pages;
    }

    private static String pageToken(URI page) {
        for (String parameter : page.getRawQuery().split("&")) {
            if (parameter.startsWith("PageToken=")) {
                return URLDecoder.decode(parameter.substring("PageToken=".length()), StandardCharsets.UTF_8);
            }
        }
        throw new IllegalArgumentException(page + " has no PageToken");
    }

    private static List<String> sids(BindingList found) {
        return found.getBindings().stream().map(Binding::getSid).toList();
    }

    private static Map<String, Object> properties(Binding binding) {
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put("sid", binding.getSid());
        properties.put("account_sid", binding.getAccountSid());
        properties.put("service_sid", binding.getServiceSid());
        properties.put("date_created", binding.getDateCreated().toInstant().toString());
        properties.put("date_updated", binding.getDateUpdated().toInstant().toString());
        properties.put("endpoint", binding.getEndpoint());
        properties.put("identity", binding.getIdentity());
        properties.put("binding_type", binding.getBindingType().getValue());
        properties.put("credential_sid", binding.getCredentialSid());
        properties.put("message_types", binding.getMessageTypes());
        properties.put("url", binding.getUrl().toString());
        properties.put("user", binding.getLinks().getUser().toString());
        return properties;
    }

    private static void tellError(String step, Request request) {
        try {
            request.send();
        } catch (ApiException thrown) {
            ApiError error = JSON.getGson().fromJson(thrown.getResponseBody(), ApiError.class);
            tell(step, Map.of(
                "http", thrown.getCode(), "code", error.getCode(), "message", error.getMessage(),
                "info", error.getMoreInfo().toString(), "status", error.getStatus()));
        }
    }

    private static void tell(String step, Map<String, Object> told) {
        Map<String, Object> line = new LinkedHashMap<>(told);
        line.put("step", step);
        System.out.println(GSON.toJson(line));
    }
}
