import com.fasterxml.jackson.databind.ObjectMapper;
import com.twilio.http.TwilioRestClient;
import com.twilio.rest.chat.v2.service.Binding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Prints the SIDs of the Bindings that an API key may list. */
final class Key {
    public static void main(String[] arguments) throws IOException {
        TwilioRestClient client = new TwilioRestClient.Builder(
                System.getenv("TWILIO_API_KEY"), System.getenv("TWILIO_API_SECRET"))
            .accountSid(System.getenv("TWILIO_ACCOUNT_SID"))
            .build();

        List<String> sids = new ArrayList<>();
        Binding.reader(arguments[0]).read(client).forEach(binding -> sids.add(binding.getSid()));
        new ObjectMapper().writeValue(System.out, sids);
    }
}
