using System.Net;
using System.Xml;
using System.Xml.Linq;

namespace MailCloud.Web.Tests.Autoconfig;

/// <summary>The profile that an iPhone or a Mac installs.</summary>
[Collection(nameof(WebServer))]
public sealed class AppleProfileTests(WebServer server) : IAsyncLifetime
{
    private static readonly string[] identifiers = ["PayloadUUID", "PayloadIdentifier"];

    public Task InitializeAsync() => server.HostAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task It_has_the_account_with_both_servers()
    {
        var answer = await server.GetAsync("told.test", "/mail.mobileconfig?emailaddress=carol%40told.test");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(
            $"Cache-Control: no-store\nContent-Disposition: attachment; filename=mail.mobileconfig; filename*=UTF-8''mail.mobileconfig\nContent-Length: {answer.Body.Length}\n"
            + "Content-Type: application/x-apple-aspen-config\nX-Content-Type-Options: nosniff",
            answer.Fields);
        Assert.StartsWith(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n",
            answer.Body,
            StringComparison.Ordinal);

        var profile = Read(answer.Body);
        Assert.Equal("PayloadContent=, PayloadDisplayName=carol@told.test, PayloadRemovalDisallowed=false, PayloadType=Configuration, PayloadVersion=1", Text(profile));
        var account = Read(profile["PayloadContent"].Elements().Single());
        Assert.Equal(
            "EmailAccountDescription=carol@told.test, EmailAccountType=EmailTypeIMAP, EmailAddress=carol@told.test, "
            + "IncomingMailServerAuthentication=EmailAuthPassword, IncomingMailServerHostName=mail.example.test, IncomingMailServerPortNumber=993, IncomingMailServerUseSSL=true, "
            + "IncomingMailServerUsername=carol@told.test, "
            + "OutgoingMailServerAuthentication=EmailAuthPassword, OutgoingMailServerHostName=mail.example.test, OutgoingMailServerPortNumber=465, OutgoingMailServerUseSSL=true, "
            + "OutgoingMailServerUsername=carol@told.test, OutgoingPasswordSameAsIncomingPassword=true, "
            + "PayloadDisplayName=carol@told.test, PayloadType=com.apple.mail.managed, PayloadVersion=1",
            Text(account));
    }

    [Fact]
    public async Task Its_identifiers_are_those_of_the_address()
    {
        var first = await IdentifiersAsync("carol%40told.test");
        Assert.Equal(4, first.Distinct().Count());
        Assert.All(first, id => Assert.Equal(8, Guid.Parse(id.Split('.')[^1]).Version));
        Assert.Equal(first, await IdentifiersAsync("Carol%40TOLD.test"));
        Assert.Empty(first.Intersect(await IdentifiersAsync("dave%40told.test")));
    }

    [Fact]
    public async Task Whatever_an_address_holds_is_text()
    {
        var answer = await server.GetAsync("told.test", "/mail.mobileconfig?emailaddress=%22%3C%2Fstring%3E%26%22%40told.test");
        Assert.Equal("\"</string>&\"@told.test", Read(answer.Body)["PayloadDisplayName"].Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?emailaddress=carol%40elsewhere.test")]
    [InlineData("?emailaddress=%EF%BF%BF%40told.test")]
    public async Task Of_what_is_not_hosted_there_is_none(string query) => Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("told.test", "/mail.mobileconfig" + query)).Status);

    private static Dictionary<string, XElement> Read(string plist)
    {
        using var reader = XmlReader.Create(new StringReader(plist), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        return Read(XDocument.Load(reader).Root!.Elements().Single());
    }

    private static Dictionary<string, XElement> Read(XElement dictionary)
    {
        Assert.Equal("dict", dictionary.Name.LocalName);
        return dictionary.Elements().Chunk(2).ToDictionary(pair => pair[0].Name == "key" ? pair[0].Value : throw new FormatException($"{pair[0]} is no key"), pair => pair[1]);
    }

    // In order, without what the address alone decides.
    private static string Text(Dictionary<string, XElement> dictionary) => string.Join(
        ", ",
        from entry in dictionary
        where !identifiers.Contains(entry.Key)
        let value = entry.Value
        select $"{entry.Key}={(value.Name == "array" ? "" : value.Name == "true" || value.Name == "false" ? value.Name.LocalName : value.Value)}");

    private async Task<string[]> IdentifiersAsync(string address)
    {
        var profile = Read((await server.GetAsync("told.test", $"/mail.mobileconfig?emailaddress={address}")).Body);
        var account = Read(profile["PayloadContent"].Elements().Single());
        return [.. from dictionary in new[] { profile, account } from name in identifiers select dictionary[name].Value];
    }
}
