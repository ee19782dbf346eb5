/** How much of a clone is copied: a last line on a terminal, and nothing elsewhere. */
import type { Tenancy } from '../../tenancy.ts'
import { printable } from '../terminal/printable.ts'
import type { Cli } from '../context/cli.ts'

/** @returns what ends it */
export function cloneMeter(tenancy: Tenancy, cli: Cli): () => void {
  const line = cli.out.stickyLine
  if (line === undefined || cli.out.isJson) return () => {}
  const off = tenancy.on('tenant.clone.progress', ({ table, bytes, totalBytes }) => {
    const percent = totalBytes === 0 ? 100 : Math.floor((100 * bytes) / totalBytes)
    line.show(() => `${percent} %  ${megabytes(bytes)} of ${megabytes(totalBytes)} MB  ${printable(table)}`)
  })
  return () => {
    off()
    line.hide()
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}
