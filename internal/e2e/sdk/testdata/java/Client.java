// The client that openapi-generator makes for Java sends the session's cookie
// with each operation that may use it, once it has its value.
import java.net.HttpCookie;
import java.util.List;
import java.util.Objects;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.DefaultApi;
import org.openapitools.client.model.Device;
import org.openapitools.client.model.LoginInputBody;
import org.openapitools.client.model.User;

public class Client {
  interface Call {
    void run() throws ApiException;
  }

  public static void main(String[] args) throws ApiException {
    String url = args[0];
    String name = args[1];
    String password = args[2];
    // docs: begin use
    ApiClient client = new ApiClient().setBasePath(url);
    DefaultApi api = new DefaultApi(client);
    List<String> setCookie =
        api.postLoginWithHttpInfo(new LoginInputBody().name(name).password(password))
            .getHeaders()
            .get("Set-Cookie");
    client.setApiKey(HttpCookie.parse(setCookie.get(0)).get(0).getValue());
    User me = api.getMe(); // a 401 throws an ApiException, whose getErrorObject() is an ErrorModel
    // docs: end
    expect("me", me.getId(), name);
    refused("admin", 403, api::getAdmin);

    List<Device> sessions = api.listSessions();
    expect("sessions", sessions.size(), 1);
    Device session = sessions.get(0);
    expect("session is the current one", session.getCurrent(), true);
    expect("session has begun", session.getCreatedAt().isBefore(session.getExpiresAt()), true);

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
