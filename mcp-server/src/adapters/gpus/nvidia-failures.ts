/** What nvidia-smi says when it fails, and what a person can do about it. First match wins. */
const FAILURES: readonly { pattern: RegExp; meaning: (detail: string) => string }[] = [
  {
    pattern: /Driver\/library version mismatch/i,
    meaning: () =>
      'The NVIDIA driver was updated while the old one is still loaded (driver/library version mismatch). Reboot, or unload and load the nvidia kernel modules.',
  },
  {
    pattern: /couldn.t communicate with the NVIDIA driver|Driver Not Loaded/i,
    meaning: () =>
      'nvidia-smi is installed, but the NVIDIA kernel driver is not running. Try "sudo modprobe nvidia"; after a kernel update install the driver again (see "dkms status") or reboot.',
  },
  {
    pattern:
      /Unable to determine the device handle for(?:.*?((?:[0-9a-f]+:)+[0-9a-f]+\.[0-9a-f]))?|GPU is lost/i,
    meaning: (bus) =>
      `${bus === '' ? 'A GPU' : `The GPU at ${bus}`} no longer answers (lost). Look for "Xid" in dmesg; it needs a reboot, often a power cycle.`,
  },
  {
    pattern: /GPU access blocked by the operating system/i,
    meaning: () =>
      'Windows blocks the GPU for this Linux (WSL). Run "wsl --shutdown" in Windows and update its NVIDIA driver.',
  },
  {
    pattern: /Failed to initialize NVML: Insufficient Permissions/i,
    meaning: () =>
      'This user may not use the GPUs. Join the group that owns /dev/nvidia* (often "video" or "render") and log in again.',
  },
  {
    pattern: /Failed to initialize NVML: Unknown Error/i,
    meaning: () =>
      'This container has lost its access to the GPUs, as happens when systemd reloads on the host. Restart the container.',
  },
  {
    pattern: /couldn.t find libnvidia-ml|loading shared libraries: (\S+?):/i,
    meaning: (library) =>
      `nvidia-smi does not find a library of the driver (${library || 'libnvidia-ml'}). Install the driver’s libraries; in a container, start it with GPU access (--gpus all).`,
  },
  {
    pattern: /No devices were found|No supported GPUs were found/i,
    meaning: () =>
      'The NVIDIA driver runs but finds no GPU. Check that the card is seated and powered ("lspci" lists it), or given to this container.',
  },
  {
    pattern: /Field "([^"]*)" is not a valid field to query/i,
    meaning: (field) => `This nvidia-smi does not know the field "${field}". Update the NVIDIA driver.`,
  },
];

/** The failures that a text tells, each once, in words with a remedy. */
export function failuresIn(text: string): string[] {
  const found: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    for (const { pattern, meaning } of FAILURES) {
      const match = pattern.exec(line);
      if (match === null) continue;
      const sentence = meaning(match[1] ?? '');
      if (!found.includes(sentence)) found.push(sentence);
      break;
    }
  }
  return found;
}
