using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace MailCloud.Queue.RabbitMq;

/// <summary>
/// What consumers hold unacked, the broker tells nobody: so they are asked. A question goes to the consumers of all processes by a fanout exchange; each answers with what it holds and then with
/// how much that was. Questions and answers go by the publishing connection: one that has published can be blocked, and the consuming one must not be.
/// </summary>
internal sealed class RollCall(RabbitMqConnection publishing, RabbitMqTopology topology, TimeProvider time)
{
    private const string AskerHeader = "mailcloud-asker";
    private const string EntriesHeader = "mailcloud-entries";
    private const string HeldHeader = "mailcloud-held";
    private const string ActiveHeader = "mailcloud-active";

    /// <summary>For all answers: a consumer answers from memory, within milliseconds.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private readonly string self = Guid.NewGuid().ToString("N");

    /// <summary>Lets a consumer be asked for as long as its channel is open.</summary>
    public async Task ListenAsync(IChannel channel, RabbitMqConsumer consumer, CancellationToken cancellationToken)
    {
        var questions = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken).ConfigureAwait(false);
        await channel.QueueBindAsync(questions.QueueName, topology.Questions, "", cancellationToken: cancellationToken).ConfigureAwait(false);
        var receiver = new AsyncEventingBasicConsumer(channel);
        receiver.ReceivedAsync += (_, question) =>
        {
            if (EntryFormat.TextOf(question.BasicProperties, AskerHeader) != self && question.BasicProperties.ReplyTo is { } replyTo)
            {
                _ = AnswerAsync(replyTo, EntryFormat.Header(question.BasicProperties, EntriesHeader) is true, consumer);
            }

            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(questions.QueueName, autoAck: true, receiver, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the consumers of other processes hold: how many entries, and their content when that is asked for.</summary>
    /// <param name="consuming">The connection on which the answers come.</param>
    /// <param name="entries">Whether the content is wanted.</param>
    /// <param name="ownConsumers">How many of what the broker counts as the work queue's consumers are this process's: each entry that a walk has is one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="QueueUnavailableException">A consumer did not answer.</exception>
    public async Task<(long Held, List<ReadOnlyMemory<byte>> Entries)> AskAsync(IConnection consuming, bool entries, int ownConsumers, CancellationToken cancellationToken)
    {
        await using var answers = await consuming.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        var expected = (int)(await answers.QueueDeclarePassiveAsync(topology.Work, cancellationToken).ConfigureAwait(false)).ConsumerCount - ownConsumers;
        if (expected <= 0)
        {
            return (0, []);
        }

        var said = new Answers(expected);
        var queue = await answers.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken).ConfigureAwait(false);
        var receiver = new AsyncEventingBasicConsumer(answers);
        receiver.ReceivedAsync += (_, answer) =>
        {
            said.Take(answer);
            return Task.CompletedTask;
        };
        await answers.BasicConsumeAsync(queue.QueueName, autoAck: true, receiver, cancellationToken).ConfigureAwait(false);
        var question = new BasicProperties { ReplyTo = queue.QueueName, Headers = new Dictionary<string, object?> { [AskerHeader] = self, [EntriesHeader] = entries } };
        try
        {
            await SendAsync(topology.Questions, "", [(question, default)]).WaitAsync(AnswerTimeout, time, cancellationToken).ConfigureAwait(false);
            await said.Complete.WaitAsync(AnswerTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new QueueUnavailableException($"not all of the {expected} consumers in other processes said what they hold", e);
        }

        return (said.Held, said.Entries);
    }

    private async Task AnswerAsync(string replyTo, bool entries, RabbitMqConsumer consumer)
    {
        var held = consumer.Held;
        var answers = entries ? held.Select(delivery => (new BasicProperties(), delivery.Content)) : [];
        var last = new BasicProperties { Headers = new Dictionary<string, object?> { [HeldHeader] = held.Count, [ActiveHeader] = consumer.IsActive } };
        try
        {
            await SendAsync("", replyTo, answers.Append((last, default))).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            consumer.NotAnswered(e);
        }
    }

    private async Task SendAsync(string exchange, string routingKey, IEnumerable<(BasicProperties Properties, ReadOnlyMemory<byte> Content)> messages)
    {
        var connection = await publishing.GetAsync(AnswerTimeout, CancellationToken.None).ConfigureAwait(false);
        await using var channel = await connection.CreateChannelAsync().ConfigureAwait(false);
        foreach (var (properties, content) in messages)
        {
            await channel.BasicPublishAsync(exchange, routingKey, mandatory: false, properties, content).ConfigureAwait(false);
        }

        // Closing waits until the broker has taken everything.
        await channel.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>What has been answered so far; the client calls in one at a time.</summary>
    private sealed class Answers(int expected)
    {
        private readonly TaskCompletionSource complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int active;

        public Task Complete => complete.Task;

        public long Held { get; private set; }

        public List<ReadOnlyMemory<byte>> Entries { get; } = [];

        public void Take(BasicDeliverEventArgs answer)
        {
            if (complete.Task.IsCompleted)
            {
                return;
            }

            if (EntryFormat.Header(answer.BasicProperties, HeldHeader) is not int held)
            {
                Entries.Add(answer.Body.ToArray());
                return;
            }

            // A consumer that has ended and still settles what it has in hand answers too; the broker does not count it any more.
            Held += held;
            active += EntryFormat.Header(answer.BasicProperties, ActiveHeader) is true ? 1 : 0;
            if (active >= expected)
            {
                complete.TrySetResult();
            }
        }
    }
}
