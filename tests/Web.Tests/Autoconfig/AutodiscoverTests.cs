using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace MailCloud.Web.Tests.Autoconfig;

/// <summary>The requests of Outlook, and what else may come to where it asks.</summary>
[Collection(nameof(WebServer))]
public sealed partial class AutodiscoverTests(WebServer server) : IAsyncLifetime
{
    private const string Path = "/autodiscover/autodiscover.xml";
    private const string RequestSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
    private const string ResponseSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

    public Task InitializeAsync() => server.HostAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("autodiscover.told.test", "/autodiscover/autodiscover.xml")]
    [InlineData("told.test", "/autodiscover/autodiscover.xml")]
    [InlineData("told.test", "/Autodiscover/Autodiscover.xml")]
    [InlineData("told.test", "/AutoDiscover/AutoDiscover.xml")]
    public async Task Outlook_is_told_a_server_of_each_protocol(string host, string path)
    {
        var answer = await PostAsync(AskFor("carol@told.test"), host, path);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(SettingsOf("carol@told.test"), answer.Body);
        Assert.Equal($"Cache-Control: no-store\nContent-Length: {answer.Body.Length}\nContent-Type: text/xml; charset=utf-8\nX-Content-Type-Options: nosniff", answer.Fields);
    }

    [Theory]
    [InlineData("nobody@told.test", "nobody@told.test")]
    [InlineData("carol@alias.told.test", "carol@alias.told.test")]
    [InlineData("\"&lt;b&gt;&amp;]]&gt;\"@told.test", "\"&lt;b&gt;&amp;]]&gt;\"@told.test")]
    [InlineData(" kärl@told.test\n", "kärl@told.test")]
    public async Task Whoever_is_asked_for_in_a_hosted_domain_is_told_the_same(string written, string shown)
    {
        var answer = await PostAsync(AskFor(written));
        Assert.Equal(SettingsOf(shown), answer.Body);
        Assert.Equal("email", XDocument.Parse(answer.Body).Root!.Descendants(XName.Get("AccountType", ResponseSchema)).Single().Value);
    }

    [Theory]
    [InlineData("carol@elsewhere.test")]
    [InlineData("carol")]
    [InlineData("")]
    [InlineData("carol@[127.0.0.1]")]
    [InlineData("carol@told.test&lt;script&gt;")]
    public async Task Of_what_is_not_hosted_nothing_is_told(string address)
    {
        var answer = await PostAsync(AskFor(address));
        Assert.Equal((HttpStatusCode.OK, ErrorOf(500, "The email address can't be found.")), (answer.Status, Timeless(answer.Body)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("{\"Email\":\"carol@told.test\"}")]
    [InlineData("<Autodiscover xmlns=\"" + RequestSchema + "\"><Request><EMailAddress>carol@told.test")]
    [InlineData("<Autodiscover xmlns=\"" + RequestSchema + "\"><Request><EMailAddress>carol@told.test</EMailAddress></Request></Autodiscover><more/>")]
    [InlineData("<Autodiscover xmlns=\"" + RequestSchema + "\"><Request><EMailAddress><b>carol@told.test</b></EMailAddress></Request></Autodiscover>")]
    [InlineData("<Autodiscover xmlns=\"" + RequestSchema + "\"><Request><LegacyDN>/o=told</LegacyDN></Request></Autodiscover>")]
    [InlineData("<Autodiscover xmlns=\"" + RequestSchema + "\"><EMailAddress>carol@told.test</EMailAddress></Autodiscover>")]
    [InlineData("<Autodiscover xmlns=\"urn:other\"><Request><EMailAddress>carol@told.test</EMailAddress></Request></Autodiscover>")]
    [InlineData("<Autodiscover><Request><EMailAddress>carol@told.test</EMailAddress></Request></Autodiscover>")]
    [InlineData("<Autodiscover xmlns=\"" + RequestSchema + "\"><Request><EMailAddress>carol&#xFFFF;@told.test</EMailAddress></Request></Autodiscover>")]
    [InlineData("<?xml version=\"1.0\" encoding=\"utf-7\"?><Autodiscover xmlns=\"" + RequestSchema + "\"/>")]
    [InlineData("<?xml version=\"1.0\" encoding=\"x-none\"?><Autodiscover xmlns=\"" + RequestSchema + "\"/>")]
    [InlineData("<!DOCTYPE a><Autodiscover xmlns=\"" + RequestSchema + "\"><Request><EMailAddress>carol@told.test</EMailAddress></Request></Autodiscover>")]
    [InlineData(
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Autodiscover xmlns=\"" + RequestSchema + "\"><Request><EMailAddress>&e;@told.test</EMailAddress></Request></Autodiscover>")]
    [InlineData(
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>"
        + "<Autodiscover xmlns=\"" + RequestSchema + "\"><Request><EMailAddress>&d;@told.test</EMailAddress></Request></Autodiscover>")]
    public async Task What_is_no_request_is_refused_in_its_form(string body)
    {
        var answer = await PostAsync(body);
        Assert.Equal((HttpStatusCode.OK, ErrorOf(600, "Invalid Request")), (answer.Status, Timeless(answer.Body)));
    }

    [Fact]
    public async Task What_is_nested_as_deep_as_fits_is_refused_too()
    {
        var answer = await PostAsync($"<Autodiscover xmlns=\"{RequestSchema}\">{string.Concat(Enumerable.Repeat("<a>", 20_000))}");
        Assert.Equal((HttpStatusCode.OK, ErrorOf(600, "Invalid Request")), (answer.Status, Timeless(answer.Body)));
    }

    [Fact]
    public async Task Whoever_reads_it_without_a_request_or_wants_ActiveSync_is_told_so()
    {
        Assert.Equal(ErrorOf(600, "Invalid Request"), Timeless((await server.GetAsync("told.test", Path)).Body));
        var mobile = await PostAsync(AskFor("carol@told.test").Replace(ResponseSchema, "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006", StringComparison.Ordinal));
        Assert.Equal(ErrorOf(601, "Provider is not available"), Timeless(mobile.Body));

        using var put = MailClient.Get("told.test", Path);
        put.Method = HttpMethod.Put;
        var refused = await server.SendAsync(put);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.Status);
        Assert.Contains("Allow: GET, HEAD, POST", refused.Fields, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task More_than_64_KiB_are_not_read(bool isChunked)
    {
        var body = AskFor("carol@told.test");

        // Kestrel counts the framing of chunks, too.
        using var fits = Post(body + new string(' ', (63 * 1024) - Encoding.UTF8.GetByteCount(body)), "told.test", Path);
        using var over = Post(body + new string(' ', (64 * 1024) - Encoding.UTF8.GetByteCount(body) + 1), "told.test", Path);
        foreach (var request in new[] { fits, over })
        {
            request.Headers.TransferEncodingChunked = isChunked;
            request.Headers.ExpectContinue = !isChunked;
        }

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(fits)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await server.SendAsync(over)).Status);
    }

    [Theory]
    [InlineData("/autodiscover/autodiscover.json?Email=carol%40told.test&Protocol=Autodiscoverv1&RedirectCount=1", 200, """{"Protocol":"AutodiscoverV1","Url":"https://autodiscover.told.test/autodiscover/autodiscover.xml"}""")]
    [InlineData("/autodiscover/autodiscover.json/v1.0/nobody@told.test?Protocol=AutodiscoverV1", 200, """{"Protocol":"AutodiscoverV1","Url":"https://autodiscover.told.test/autodiscover/autodiscover.xml"}""")]
    [InlineData("/autodiscover/autodiscover.json?Email=carol%40elsewhere.test&Protocol=AutodiscoverV1", 404, """{"ErrorCode":"UserNotFound","ErrorMessage":"The given user is not found"}""")]
    [InlineData("/autodiscover/autodiscover.json?Email=%22%3Cscript%3E&Protocol=AutodiscoverV1", 404, """{"ErrorCode":"UserNotFound","ErrorMessage":"The given user is not found"}""")]
    [InlineData("/autodiscover/autodiscover.json?Protocol=AutodiscoverV1", 404, """{"ErrorCode":"UserNotFound","ErrorMessage":"The given user is not found"}""")]
    [InlineData("/autodiscover/autodiscover.json?Email=carol%40told.test&Protocol=ActiveSync", 400, """{"ErrorCode":"InvalidProtocol","ErrorMessage":"The given protocol value is invalid. Supported values are \u0027AutodiscoverV1\u0027"}""")]
    [InlineData("/autodiscover/autodiscover.json?Email=carol%40elsewhere.test", 400, """{"ErrorCode":"InvalidProtocol","ErrorMessage":"The given protocol value is invalid. Supported values are \u0027AutodiscoverV1\u0027"}""")]
    public async Task The_second_version_leads_to_the_first(string path, int status, string json)
    {
        var answer = await server.GetAsync("evil.test", path);
        Assert.Equal((status, json), ((int)answer.Status, answer.Body));
        Assert.Contains("Cache-Control: no-store\nContent-Type: application/json; charset=utf-8\n", answer.Fields, StringComparison.Ordinal);
    }

    // As Outlook 16 writes it.
    private static string AskFor(string address) =>
        $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"{RequestSchema}\"><Request><EMailAddress>{address}</EMailAddress>"
        + $"<AcceptableResponseSchema>{ResponseSchema}</AcceptableResponseSchema></Request></Autodiscover>";

    private static HttpRequestMessage Post(string body, string host, string path)
    {
        var request = MailClient.Get(host, path);
        request.Method = HttpMethod.Post;
        request.Content = new StringContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/xml");
        request.Headers.UserAgent.ParseAdd("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)");
        request.Headers.Add("X-MapiHttpCapability", "1");
        request.Headers.Add("X-AnchorMailbox", "carol@told.test");
        request.Headers.Add("Depth", "0");
        request.Headers.Add("client-request-id", "{9A1D3E0C-6E6B-4B1C-8E5B-0B2D3A4C5E6F}");
        return request;
    }

    private static string SettingsOf(string address) =>
        $"""
        <?xml version="1.0" encoding="utf-8"?>
        <Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
          <Response xmlns="{ResponseSchema}">
            <Account>
              <AccountType>email</AccountType>
              <Action>settings</Action>
              <Protocol>
                <Type>IMAP</Type>
                <Server>mail.example.test</Server>
                <Port>993</Port>
                <DomainRequired>off</DomainRequired>
                <LoginName>{address}</LoginName>
                <SPA>off</SPA>
                <SSL>on</SSL>
                <Encryption>SSL</Encryption>
                <AuthRequired>on</AuthRequired>
              </Protocol>
              <Protocol>
                <Type>POP3</Type>
                <Server>mail.example.test</Server>
                <Port>995</Port>
                <DomainRequired>off</DomainRequired>
                <LoginName>{address}</LoginName>
                <SPA>off</SPA>
                <SSL>on</SSL>
                <Encryption>SSL</Encryption>
                <AuthRequired>on</AuthRequired>
              </Protocol>
              <Protocol>
                <Type>SMTP</Type>
                <Server>mail.example.test</Server>
                <Port>465</Port>
                <DomainRequired>off</DomainRequired>
                <LoginName>{address}</LoginName>
                <SPA>off</SPA>
                <SSL>on</SSL>
                <Encryption>SSL</Encryption>
                <AuthRequired>on</AuthRequired>
                <UsePOPAuth>on</UsePOPAuth>
                <SMTPLast>off</SMTPLast>
              </Protocol>
            </Account>
          </Response>
        </Autodiscover>
        """;

    private static string ErrorOf(int code, string message) =>
        $"""
        <?xml version="1.0" encoding="utf-8"?>
        <Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
          <Response>
            <Error Time="TIME" Id="0">
              <ErrorCode>{code}</ErrorCode>
              <Message>{message}</Message>
              <DebugData />
            </Error>
          </Response>
        </Autodiscover>
        """;

    private static string Timeless(string answer) => Time().Replace(answer, "Time=\"TIME\"");

    private async Task<MailClient.Answer> PostAsync(string body, string host = "told.test", string path = Path)
    {
        using var request = Post(body, host, path);
        return await server.SendAsync(request);
    }

    [GeneratedRegex("Time=\"[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{7}\"")]
    private static partial Regex Time();
}
