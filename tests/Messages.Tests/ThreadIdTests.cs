using System.Text;

namespace MailCloud.Messages.Tests;

public sealed class ThreadIdTests
{
    private static readonly Guid Body = Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b");

    [Theory]
    [InlineData("Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\nReferences: <a@x>\r\nSubject: Re: Lunch\r\n")]
    [InlineData("Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\nSubject: AW: Lunch\r\n")]
    [InlineData("Message-ID: <c@x>\r\nIn-Reply-To: <b@x>\r\nReferences: <a@x>\r\n <b@x>\r\nSubject: [chefs] Re: LUNCH\r\n")]
    [InlineData("Message-ID: <d@x>\r\nReferences: (first) <a@x> <b@x> <c@x>\r\nSubject: =?utf-8?Q?Re=3A_Lunch?=\r\n")]
    [InlineData("Message-ID: <e@x>\r\nIn-Reply-To: Your message of noon <a@x>\r\nSubject: Lunch\r\n")]
    public async Task Replies_are_in_the_thread_of_the_first_message(string header) =>
        Assert.Equal(await OfAsync("Message-ID: <a@x>\r\nSubject: Lunch\r\n"), await OfAsync(header));

    [Theory]
    [InlineData("Message-ID: <b@x>\r\nSubject: Lunch\r\n")]
    [InlineData("Message-ID: <b@x>\r\nReferences: <a@x>\r\nSubject: Dinner\r\n")]
    [InlineData("Message-ID: <b@x>\r\nReferences: <z@x> <a@x>\r\nSubject: Re: Lunch\r\n")]
    [InlineData("Subject: Lunch\r\n")]
    public async Task Others_are_not(string header) => Assert.NotEqual(await OfAsync("Message-ID: <a@x>\r\nSubject: Lunch\r\n"), await OfAsync(header));

    [Fact]
    public async Task A_message_without_any_id_is_alone()
    {
        Assert.NotEqual(await OfAsync("Subject: Lunch\r\n"), await OfAsync("Subject: Lunch\r\n", Guid.NewGuid()));
        Assert.Equal(await OfAsync("Subject: Lunch\r\n"), await OfAsync("Subject: Lunch\r\n"));
    }

    [Fact]
    public async Task The_first_of_many_references_counts()
    {
        var references = string.Concat(Enumerable.Range(0, 60).Select(i => $" <r{i}@x>\r\n"));
        Assert.Equal(await OfAsync("Message-ID: <r0@x>\r\nSubject: Lunch\r\n"), await OfAsync($"Message-ID: <b@x>\r\nReferences:{references}Subject: Re: Lunch\r\n"));
    }

    private static async Task<ulong> OfAsync(string header, Guid? body = null)
    {
        using var message = new MemoryStream(Encoding.Latin1.GetBytes($"{header}\r\ntext\r\n"));
        return ThreadId.Of(await MessageParser.SummariseAsync(message, CancellationToken.None), body ?? Body);
    }
}
