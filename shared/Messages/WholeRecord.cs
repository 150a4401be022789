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
    private static readonly ConcurrentDictionary<Type, Func<object, bool>> Checks = new();
    private static readonly MethodInfo Check = typeof(WholeRecord).GetMethod(nameof(Is))!;

    public static bool Is(object? value) => value switch
    {
        null => false,
        string => true,
        object?[] list => Array.TrueForAll(list, Is),
        _ => Checks.GetOrAdd(value.GetType(), Compile)(value),
    };

    private static Func<object, bool> Compile(Type type)
    {
        var record = Expression.Parameter(typeof(object));
        return Expression.Lambda<Func<object, bool>>(HasMembers(Expression.Convert(record, type)), record).Compile();
    }

    // A value's members are looked at where it stands: a chunk has thousands of them.
    private static Expression HasMembers(Expression record)
    {
        var nullability = new NullabilityInfoContext();
        return record.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.IsDefined(typeof(IdAttribute)) && IsRequired(property))
            .Select(property => Expression.Property(record, property))
            .Select(member => member.Type.IsValueType ? HasMembers(member) : Expression.Call(Check, member))
            .Aggregate((Expression)Expression.Constant(true), Expression.AndAlso);

        // Of values only those of this platform hold others.
        bool IsRequired(PropertyInfo property) => property.PropertyType.IsValueType
            ? property.PropertyType.IsDefined(typeof(GenerateSerializerAttribute))
            : nullability.Create(property).ReadState == NullabilityState.NotNull;
    }
}
