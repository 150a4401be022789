using MailCloud.Blobs;
using MailCloud.Journal;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Journaled;

/// <summary>What every journaled grain stands on.</summary>
internal sealed record GrainStorage(IJournal Journal, IMessageBlobs Blobs, Serializer Serializer, TimeProvider Time, ILoggerFactory Loggers, JournalTelemetry Telemetry);
