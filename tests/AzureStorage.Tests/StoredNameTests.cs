namespace MailCloud.AzureStorage.Tests;

public sealed class StoredNameTests
{
    [Theory]
    [InlineData("demo/body/0194-a", "demo/body/0194-a")]
    [InlineData("address/a.b@bücher.example", "address/a.b@bücher.example")]
    [InlineData("address/../x", "address/%2e./x")]
    [InlineData("./x", "%2e/x")]
    [InlineData("address/..\\x", "address/%2e.%5cx")]
    [InlineData("address/%2e./x", "address/%252e./x")]
    [InlineData("a\r\nb", "a%0d%0ab")]
    public void A_name_is_stored_so_that_no_path_of_a_uri_resolves_it(string name, string stored)
    {
        Assert.Equal(stored, StoredName.Encode(name));
        Assert.Equal(name, StoredName.Decode(stored));
    }

    [Fact]
    public void What_a_prefix_becomes_is_a_prefix_of_what_the_name_becomes()
    {
        const string name = "state/../a%\\..b/.c/x.y";
        for (var length = 0; length <= name.Length; length++)
        {
            Assert.StartsWith(StoredName.Encode(name[..length]), StoredName.Encode(name), StringComparison.Ordinal);
        }
    }
}
