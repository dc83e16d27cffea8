using System.Text.RegularExpressions;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Tests;
using VirtualBoard;
using Board = DeviceQueue.Cli.Provisioning.Board;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>The boards that can be asked for against what the repository has of them.</summary>
public sealed partial class Board_Tests
{
    [Fact]
    public void Every_board_that_can_be_asked_for_has_its_folder_of_pins_and_every_folder_is_a_board()
    {
        string[] folders =
        [
            .. Directory.GetDirectories(Path.Combine(Repository.Root, "hardware", "boards"))
                .Select(folder => Path.GetFileName(folder)!),
        ];

        Assert.Equal(
            Board.All.Select(board => board.Name).Order(StringComparer.Ordinal), folders.Order(StringComparer.Ordinal));
        Assert.All(
            folders,
            folder => Assert.True(
                File.Exists(Path.Combine(Repository.Root, "hardware", "boards", folder, "pins.csv")), folder));
    }

    [Fact]
    public void The_lines_that_flash_a_board_are_those_of_the_README()
    {
        string[] told =
        [
            .. Nanoff().Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md")))
                .Select(line => line.Groups[1].Value),
        ];

        Assert.Equal(told, NextSteps.Flash(Board.Default, hasWifi: true));
    }

    [Fact]
    public void The_page_of_the_hardware_names_the_image_of_each_board()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "hardware", "README.md"));

        Assert.All(
            Board.All,
            board => Assert.Contains($"| [{board.Name}](boards/{board.Name}) | `{board.Target}` |", page));
    }

    [Fact]
    public void A_board_is_called_by_its_own_name_or_its_chips_as_it_is_in_the_simulator()
    {
        Assert.Equal(
            BoardModel.All.Select(model => (model.Name, model.Chip)),
            Board.All.Select(board => (board.Name, board.Chip)));
        Assert.All(Board.All, board => Assert.Equal(board, Board.Find(board.Name)));
        Assert.All(
            Board.All.DistinctBy(board => board.Chip),
            board => Assert.Equal(board, Board.Find(board.Chip.ToUpperInvariant())));
    }

    /// <summary>A line of a code block.</summary>
    [GeneratedRegex(@"^ *(nanoff --.*?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Nanoff();
}
