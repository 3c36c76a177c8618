namespace SseFunctions.EndToEnd;

[CollectionDefinition(Target.Collection)]
public sealed class TargetCollection : ICollectionFixture<Target>;
