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
import com.google.gson.GsonBuilder;
import com.google.gson.annotations.SerializedName;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Uses the generated client as its reader would, and prints what it gives, a JSON document on each line. */
final class Program {
    private static final String SERVICE = System.getenv("SERVICE_SID");
    private static final Gson GSON = new GsonBuilder().serializeNulls().create();

    private interface Request {
        void send() throws ApiException;
    }

    public static void main(String[] arguments) throws ApiException, IOException {
        BindingsApi api = apiAs(System.getenv("AUTH_TOKEN"));
        for (Case one : GSON.fromJson(Files.readString(Path.of(System.getenv("CASES"))), Case[].class)) {
            tellCase(api, one);
        }
        use(api, System.getenv("BINDING_SID"));
        BindingsApi stranger = apiAs("0".repeat(32));
        tellError("unauthorized", () -> stranger.listBindings(SERVICE, null, null, null, null, null));
    }

    private static BindingsApi apiAs(String token) {
        ApiClient client = new ApiClient().setBasePath(System.getenv("BASE_URL"));
        client.setUsername(System.getenv("ACCOUNT_SID"));
        client.setPassword(token);
        return new BindingsApi(client);
    }

    private static final class Case {
        @SerializedName("case") String name;
        String service;
        List<String> identities;
        List<String> types;
    }

    private static void tellCase(BindingsApi api, Case one) {
        List<BindingType> types = one.types == null ? null : one.types.stream().map(BindingType::fromValue).toList();
        Map<String, Object> told = new LinkedHashMap<>(Map.of("case", one.name));
        try {
            BindingList page = api.listBindings(one.service, types, one.identities, null, null, null);
            told.put("bindings", page.getBindings().stream().map(Program::properties).toList());
        } catch (ApiException thrown) {
            told.put("http", thrown.getCode());
            told.put("text", thrown.getResponseBody());
        }
        tell("case", told);
    }

    private static String text(Object value) {
        return value == null ? null : value.toString();
    }

    private static void use(BindingsApi api, String sid) throws ApiException {
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

    private static String iso(OffsetDateTime time) {
        return time == null ? null : time.toInstant().toString();
    }

    private static Map<String, Object> properties(Binding binding) {
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put("sid", binding.getSid());
        properties.put("account_sid", binding.getAccountSid());
        properties.put("service_sid", binding.getServiceSid());
        properties.put("date_created", iso(binding.getDateCreated()));
        properties.put("date_updated", iso(binding.getDateUpdated()));
        properties.put("endpoint", binding.getEndpoint());
        properties.put("identity", binding.getIdentity());
        properties.put("binding_type", binding.getBindingType());
        properties.put("credential_sid", binding.getCredentialSid());
        properties.put("message_types", binding.getMessageTypes());
        properties.put("url", text(binding.getUrl()));
        properties.put("user", binding.getLinks() == null ? null : text(binding.getLinks().getUser()));
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
