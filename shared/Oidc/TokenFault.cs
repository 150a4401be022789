namespace MailCloud.Oidc;

/// <summary>Why a token lets nobody in.</summary>
internal enum TokenFault
{
    /// <summary>It has no fault.</summary>
    None = 0,

    /// <summary>It is no JWT, or one that asks for what is not understood here.</summary>
    Malformed = 1,

    /// <summary>Not signed, or by an algorithm that is not taken.</summary>
    Algorithm = 2,

    /// <summary>Signed with a key that its issuer does not publish, or a key too short.</summary>
    UnknownKey = 3,

    Signature = 4,
    Issuer = 5,
    Audience = 6,

    /// <summary>Not valid yet, not any more, or for ever.</summary>
    Lifetime = 7,

    Scope = 8,

    /// <summary>It names another account than the client, none, or one that does not exist.</summary>
    Account = 9,

    /// <summary>The tenant has no issuer.</summary>
    NoIssuer = 10,
}
