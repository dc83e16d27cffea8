using System.Text.RegularExpressions;
using System.Xml.Linq;
using YamlDotNet.RepresentationModel;

namespace DeviceQueue.Tests;

/// <summary>The workflow that builds the firmware on GitHub, as far as it can be checked without GitHub.</summary>
public sealed partial class Workflow_Tests
{
    private static readonly string File = Path.Combine(Repository.Root, ".github", "workflows", "build.yml");
    private static readonly YamlNode Workflow = Load();

    [Fact]
    public void Its_paths_are_real()
    {
        string[] paths =
        [
            .. Steps("test")
                .Concat(Steps("firmware"))
                .SelectMany(step => RepositoryPath().Matches(Scalar(step, "run") ?? string.Empty))
                .Select(match => match.Value),
        ];

        Assert.Contains("tools/test", paths);
        Assert.Contains("firmware/DeviceQueue.Esp32/DeviceQueue.Esp32.nfproj", paths);
        Assert.All(paths, path => Assert.True(System.IO.File.Exists(Path.Combine(Repository.Root, path)), path));
    }

    [Fact]
    public void It_restores_the_packages_of_every_device_project_to_where_the_projects_look()
    {
        string[] restored =
        [
            .. Steps("firmware")
                .SelectMany(step => Restore().Matches(Scalar(step, "run") ?? string.Empty))
                .Select(match => match.Groups["config"].Value + " " + match.Groups["folder"].Value),
        ];
        string[] wanted =
            [.. Directory
                .GetFiles(Path.Combine(Repository.Root, "firmware"), "packages.config", SearchOption.AllDirectories)
            .Select(config => Path.GetRelativePath(Repository.Root, config).Replace('\\', '/') + " packages")];
        var hints = Directory.GetFiles(
            Path.Combine(Repository.Root, "firmware"), "*.nfproj", SearchOption.AllDirectories)
            .SelectMany(
                project => XDocument.Load(project)
                    .Descendants()
                    .Where(element => element.Name.LocalName == "HintPath"));

        Assert.Equal(wanted.Order(StringComparer.Ordinal), restored.Order(StringComparer.Ordinal));
        Assert.All(hints, hint => Assert.StartsWith(@"..\..\packages\", hint.Value));
    }

    [Fact]
    public void A_device_project_looks_for_the_versions_that_its_packages_config_restores()
    {
        string[] projects = Directory.GetFiles(
            Path.Combine(Repository.Root, "firmware"), "*.nfproj", SearchOption.AllDirectories);
        List<(string Id, string Version)> all = [];
        foreach (string project in projects)
        {
            (string Id, string Version)[] restored =
            [
                .. XDocument.Load(Path.Combine(Path.GetDirectoryName(project)!, "packages.config"))
                    .Descendants("package")
                    .Select(package => (package.Attribute("id")!.Value, package.Attribute("version")!.Value)),
            ];
            var folders = XDocument.Load(project).Descendants()
                .Where(element => element.Name.LocalName == "HintPath")
                .Select(hint => hint.Value.Split('\\')[3]);
            all.AddRange(restored);

            Assert.Equal(
                restored.Select(package => package.Id + "." + package.Version).Order(StringComparer.Ordinal),
                folders.Distinct().Order(StringComparer.Ordinal));
        }

        Assert.Equal(all.Select(package => package.Id).Distinct().Count(), all.Distinct().Count());
    }

    [Fact]
    public void It_installs_nanoFrameworks_build_components_first_on_a_Visual_Studio_that_they_are_for()
    {
        string[] actions = [.. Steps("firmware").Select(step => Scalar(step, "uses") ?? Scalar(step, "run")!)];

        Assert.Equal("windows-2022", Scalar(Job("firmware"), "runs-on"));
        Assert.InRange(
            Array.IndexOf(actions, "nanoframework/nanobuild@v1"),
            0,
            Array.FindIndex(actions, action => action.StartsWith("msbuild", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_it_attaches_is_what_the_build_makes_and_the_README_deploys()
    {
        YamlNode upload = Steps("firmware").Single(
            step => Scalar(step, "uses")?.StartsWith("actions/upload-artifact", StringComparison.Ordinal) == true);
        string image = Scalar(upload["with"], "path")!;
        XDocument project = XDocument.Load(
            Path.Combine(Repository.Root, "firmware", "DeviceQueue.Esp32", "DeviceQueue.Esp32.nfproj"));
        string assembly = project.Descendants().Single(element => element.Name.LocalName == "AssemblyName").Value;

        Assert.Equal($"firmware/DeviceQueue.Esp32/bin/Release/{assembly}.bin", image);
        Assert.Contains(
            $"--deploy --image {assembly}.bin", System.IO.File.ReadAllText(Path.Combine(Repository.Root, "README.md")));
        Assert.Contains(
            Steps("release"),
            step => Scalar(step, "run")?.Contains($"gh release upload \"$TAG\" {assembly}.bin") == true);
    }

    private static YamlNode Load()
    {
        using StreamReader reader = new(File);
        YamlStream yaml = [];
        yaml.Load(reader);
        return Assert.Single(yaml.Documents).RootNode;
    }

    private static YamlNode Job(string name) => Workflow["jobs"][name];

    private static IEnumerable<YamlNode> Steps(string job) => ((YamlSequenceNode)Job(job)["steps"]).Children;

    private static string? Scalar(YamlNode node, string key) =>
        ((YamlMappingNode)node).Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value)
            ? ((YamlScalarNode)value).Value
            : null;

    [GeneratedRegex(@"(?<![\w./-])(firmware|hardware|tests|tools)/[\w./-]+")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"nuget restore (?<config>\S+) -PackagesDirectory (?<folder>\S+)")]
    private static partial Regex Restore();
}
