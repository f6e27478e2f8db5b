import com.twilio.http.NetworkHttpClient;
import com.twilio.http.TwilioRestClient;
import java.net.URI;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.core5.http.HttpHost;

final class Loopback {
    static TwilioRestClient clientAt(String url, String accountSid, String authToken) {
        HttpRoute route = new HttpRoute(HttpHost.create(URI.create(url)));
        HttpClientBuilder http = HttpClientBuilder.create().setRoutePlanner((target, context) -> route);
        return new TwilioRestClient.Builder(accountSid, authToken).httpClient(new NetworkHttpClient(http)).build();
    }
}
