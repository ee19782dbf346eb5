/** The end of a tenancy on which a test may have left something. */
import type { TestableTenancy } from './testable.ts'

const closingMs = 1000

/** A client that a test has not released would keep the pool open; its connection ends with the database. */
export async function closedInTime(tenancy: Pick<TestableTenancy, 'close'>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, closingMs)))
  await Promise.race([tenancy.close().catch(() => {}), late])
  clearTimeout(timer)
}
