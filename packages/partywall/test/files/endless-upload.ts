/** A program that begins an upload, says so, and never ends it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { diskStore } from '../../src/files/files.ts'

async function* endless(): AsyncGenerator<Uint8Array> {
  for (let part = 0; ; part++) {
    yield Buffer.alloc(2 ** 16, 1)
    if (part === 2) process.stdout.write('begun\n')
    if (part > 2) await sleep(60_000)
  }
}

await diskStore(process.argv[2]!).put('tenants/one/big.bin', endless(), { contentType: 'application/octet-stream' })
