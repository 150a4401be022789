namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>A host that ends the connection when the message is on its way, or has just arrived.</summary>
[Collection(RelayDefinition.Name)]
public sealed class BrokenConnectionTests(RelayWorld world)
{
    /// <summary>Before the reply to its end nobody can know whether the host has the message (RFC 5321 §4.5.3.2.6): it goes again, and the host that had it gets it twice.</summary>
    [Fact]
    public async Task Mail_whose_end_was_not_answered_is_sent_once_more()
    {
        await using var host = BreakingHost.Start(RelayWorld.Breaking, BreakAt.Reply);
        await world.SubmitAsync(RelayWorld.Message("bob@breaks.test", "in doubt", "hello\r\n"));

        var waiting = await world.UntilTriedAsync("breaks.test");
        Assert.StartsWith("451 4.4.2 mx.breaks.test: ", waiting.GetProperty("lastError").GetString(), StringComparison.Ordinal);
        Assert.Equal((1, 1), (host.Connections, host.Received.Count));
        Assert.Contains("mx.breaks.test did not answer the end of the message", world.Server.Output, StringComparison.Ordinal);

        await world.RetryAsync(waiting);
        await host.UntilReceivedAsync(2);
        await world.UntilNothingWaitsAsync("breaks.test");
        Assert.Single(host.Received.Distinct());
        Assert.Equal((2, 2), (host.Connections, host.Received.Count));
    }

    [Fact]
    public async Task Mail_that_broke_off_is_delivered_once()
    {
        // More than the system keeps between two ends of a connection (tcp(7), tcp_rmem and tcp_wmem).
        var text = string.Concat(Enumerable.Range(0, 16 * 1024).Select(i => $"{i:00000} {new string('x', 1000 - 32)}\r\n"));
        await using var host = BreakingHost.Start(RelayWorld.BreakingOff, BreakAt.Message);
        await world.SubmitAsync(RelayWorld.Message("bob@breaks-off.test", "cut", text));

        var waiting = await world.UntilTriedAsync("breaks-off.test");
        Assert.StartsWith("451 4.4.2 mx.breaks-off.test: ", waiting.GetProperty("lastError").GetString(), StringComparison.Ordinal);
        Assert.Equal((1, 0), (host.Connections, host.Received.Count));
        Assert.DoesNotContain("mx.breaks-off.test did not answer the end of the message", world.Server.Output, StringComparison.Ordinal);

        await world.RetryAsync(waiting);
        await host.UntilReceivedAsync(1);
        await world.UntilNothingWaitsAsync("breaks-off.test");
        Assert.Equal(2, host.Connections);
        Assert.EndsWith(text, Assert.Single(host.Received), StringComparison.Ordinal);
    }
}
