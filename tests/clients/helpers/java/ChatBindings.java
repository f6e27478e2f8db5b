import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A server for a test run: reset before each test, and ended with this process, even when that is killed. */
final class ChatBindings implements BeforeEachCallback {
    private static final String OPTIONS =
        "--control --port 0 --announce - --end-with-stdin --no-docs --log-level warning";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static Process process; // which holds the standard input of the server open
    private static JsonNode announced;
    private long since;

    /** Starts the server, or takes the running one. Its world is "--demo", or "--world" and a file. */
    ChatBindings(String... world) {
        synchronized (JSON) {
            announced = announced == null ? start(world) : announced;
        }
    }

    private static JsonNode start(String... world) {
        List<String> command = new ArrayList<>(List.of(world));
        command.addAll(0, List.of(("chat-bindings serve " + OPTIONS).split(" ")));
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            return JSON.readTree(Objects.requireNonNull(process.inputReader().readLine(), "the server ended"));
        } catch (IOException error) {
            throw new IllegalStateException("the server does not start", error);
        }
    }

    /** What the server announced, such as "url" or "account_sid". */
    String get(String name) {
        return announced.get(name).asText();
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        control("POST", "/reset", "");
    }

    /** Replaces the rules of faults, until the end of the test. */
    @SafeVarargs
    final void setFaults(Map<String, Object>... rules) throws Exception {
        control("PUT", "/faults", JSON.writeValueAsString(Map.of("rules", rules)));
    }

    /** The requests that came since the last call, or since the start of the test. */
    JsonNode requests() throws Exception {
        JsonNode list = control("GET", "/requests?since=" + since, "");
        since = list.get("last").asLong();
        return list.get("requests");
    }

    /** Asserts which requests came since then, such as "listBindings 200". */
    void assertRequests(String... expected) throws Exception {
        List<String> came = new ArrayList<>();
        requests().forEach(each -> came.add(each.get("operation").asText() + " " + each.get("status")));
        assertEquals(List.of(expected), came);
    }

    private JsonNode control(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(get("control_url") + path))
            .method(method, BodyPublishers.ofString(body))
            .header("Content-Type", "application/json")
            .build();
        var answer = HTTP.send(request, BodyHandlers.ofString());
        assertEquals(2, answer.statusCode() / 100, answer.body());
        return JSON.readTree(answer.body());
    }
}
