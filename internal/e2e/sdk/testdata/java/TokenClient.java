// The client that openapi-generator makes for Java sends the bearer token that it was
// given last.
import java.util.List;
import java.util.Objects;
import org.openapitools.token.ApiClient;
import org.openapitools.token.ApiException;
import org.openapitools.token.api.DefaultApi;
import org.openapitools.token.model.CredentialsInputBody;
import org.openapitools.token.model.ListSessions200ResponseInner;
import org.openapitools.token.model.PostToken200Response;

public class TokenClient {
  interface Call {
    void run() throws ApiException;
  }

  public static void main(String[] args) throws ApiException {
    String url = args[0];
    String name = args[1];
    String password = args[2];
    ApiClient client = new ApiClient().setBasePath(url);
    DefaultApi api = new DefaultApi(client);
    refused("me before login", 401, api::getMe);

    // docs: begin use
    PostToken200Response login =
        api.postToken(new CredentialsInputBody().name(name).password(password));
    client.setBearerToken(login.getAccessToken());
    // docs: end
    expect("type of the token", login.getTokenType().getValue(), "Bearer");
    expect("the token lives", login.getExpiresIn() > 0, true);
    expect("me", api.getMe().getId(), name);
    refused("admin", 403, api::getAdmin);

    client.setBearerToken(api.postTokenRenewal().getAccessToken());
    List<ListSessions200ResponseInner> sessions = api.listSessions();
    expect("sessions", sessions.size(), 1);
    expect("carrier", sessions.get(0).getCarrier(), "bearer");

    expect("logout", api.postLogoutWithHttpInfo().getStatusCode(), 204);
    refused("me after logout", 401, api::getMe);
  }

  static void refused(String what, int status, Call call) {
    try {
      call.run();
    } catch (ApiException e) {
      expect(what, e.getCode(), status);
      expect("problem of " + what, e.getErrorObject().getStatus(), (long) status);
      return;
    }
    throw new AssertionError(what + ": got no error, want " + status);
  }

  static void expect(String what, Object got, Object want) {
    if (!Objects.equals(got, want)) {
      throw new AssertionError(what + ": got " + got + ", want " + want);
    }
  }
}
