namespace MailCloud.MessageView;

/// <summary>Counts what a message would load from elsewhere, and says whether it may.</summary>
internal sealed class RemoteContent(bool isAllowed)
{
    /// <summary>Hosts that are listed: more than a reader looks at.</summary>
    public const int MaxHosts = 100;

    private readonly List<string> hosts = [];

    public int Count { get; private set; }

    public IReadOnlyList<string> Hosts => hosts;

    public bool MayLoad(Uri address)
    {
        Count++;
        if (hosts.Count < MaxHosts && !hosts.Contains(address.IdnHost))
        {
            hosts.Add(address.IdnHost);
        }

        return isAllowed;
    }
}
