const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** In steps of 1024, as limits are set: 100 MB is 104,857,600 bytes. */
export function bytesText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1)
  return `${(bytes / 1024 ** step).toLocaleString('en', { maximumFractionDigits: step === 0 ? 0 : 1 })} ${units[step]}`
}
