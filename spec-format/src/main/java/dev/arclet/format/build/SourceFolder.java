package dev.arclet.format.build;

import dev.arclet.format.BuildException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The folder of a vm.yaml: the only place a build reads from. */
final class SourceFolder {
    private final Path real;

    SourceFolder(Path dir) throws BuildException, IOException {
        if (!Files.isDirectory(dir)) {
            throw new BuildException(
                    "build", dir.toString(), "it is not a folder", "Name the folder of a vm.yaml");
        }
        real = dir.toRealPath();
    }

    /**
     * A regular file under the folder; neither {@code ..} nor a link leads out of it.
     *
     * @param member of vm.yaml, for messages
     */
    Path file(String member, String name) throws BuildException, IOException {
        Path path;
        try {
            path = real.resolve(name);
        } catch (InvalidPathException e) {
            throw bad(member, name, "it is not a file name");
        }
        if (name.isEmpty() || Path.of(name).isAbsolute() || !path.normalize().startsWith(real)) {
            throw bad(member, name, "it is outside the folder of vm.yaml");
        }
        if (!Files.exists(path)) {
            throw bad(member, name, "there is no such file in " + real);
        }
        Path target = path.toRealPath();
        if (!target.startsWith(real)) {
            throw bad(member, name, "it is a link out of the folder of vm.yaml");
        }
        if (!Files.isRegularFile(target)) {
            throw bad(member, name, "it is not a regular file");
        }
        return target;
    }

    static BuildException bad(String member, String name, String reason) {
        return new BuildException(
                "build",
                "\"" + member + ": " + name + "\" of vm.yaml",
                reason,
                "Put the file into the folder and name it relative to vm.yaml");
    }
}
