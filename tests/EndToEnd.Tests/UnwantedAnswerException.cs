namespace MailCloud.EndToEnd.Tests;

/// <summary>A server answered, and not what was asked for. The connection is sound: who gives it up does so of his own accord.</summary>
internal sealed class UnwantedAnswerException(string message) : IOException(message);
