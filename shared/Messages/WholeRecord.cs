using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using Orleans;

namespace MailCloud.Messages;

/// <summary>
/// Whether a record that was read has all that its type says is there. The serializer leaves out what the bytes do not have: of a manifest that was cut off it would make a mailbox without folders.
/// </summary>
internal static class WholeRecord
{
    private static readonly ConcurrentDictionary<Type, Func<object, object?>[]> Members = new();

    public static bool Is(object? value) => value switch
    {
        null => false,
        object?[] list => Array.TrueForAll(list, Is),
        string => true,
        _ => Array.TrueForAll(Members.GetOrAdd(value.GetType(), Find), member => Is(member(value))),
    };

    private static Func<object, object?>[] Find(Type type)
    {
        var nullability = new NullabilityInfoContext();
        return
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.IsDefined(typeof(IdAttribute)) && IsRequired(property))
                .Select(Getter),
        ];

        // Of values only those of this platform hold others.
        bool IsRequired(PropertyInfo property) => property.PropertyType.IsValueType
            ? property.PropertyType.IsDefined(typeof(GenerateSerializerAttribute))
            : nullability.Create(property).ReadState == NullabilityState.NotNull;
    }

    private static Func<object, object?> Getter(PropertyInfo property)
    {
        var record = Expression.Parameter(typeof(object));
        return Expression.Lambda<Func<object, object?>>(Expression.Convert(Expression.Property(Expression.Convert(record, property.DeclaringType!), property), typeof(object)), record).Compile();
    }
}
