namespace MailCloud.Web.Jmap;

/// <summary>One record of a set is refused; others go on.</summary>
internal sealed class SetException(SetError error) : Exception(error.Type)
{
    public SetError Error => error;

    public static SetException Invalid(string description, params string[] properties) => new(SetError.InvalidProperties(description, properties));
}
