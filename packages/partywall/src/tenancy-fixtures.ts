/** Dumps and loads, loaded when they are first used. */
import type { Readable } from 'node:stream'
import type { DumpOptions, DumpReport } from './fixtures/dump-options.ts'
import type { LoadOptions, LoadReport } from './fixtures/load-options.ts'
import type { Rooms } from './tenancy-rooms.ts'

export type { DumpOptions, DumpReport, LoadOptions, LoadReport }

export async function dumpIn(rooms: Rooms<any>, options: DumpOptions): Promise<DumpReport> {
  const { dumpFixtures } = await import(/* webpackMode: "eager" */ './fixtures/dump.ts')
  return dumpFixtures(rooms, options)
}

export async function loadIn(rooms: Rooms<any>, source: string | Readable, options: LoadOptions): Promise<LoadReport> {
  const { loadFixtures } = await import(/* webpackMode: "eager" */ './fixtures/load.ts')
  return loadFixtures(rooms, source, options)
}
