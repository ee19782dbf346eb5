/**
 * A process that uses an embedded server: `holder.ts <directory> [hold | release | leave]`. It prints the server as one JSON line. With
 * `hold` it runs until SIGTERM and then releases the server; with `release` it does so at once; with `leave` it ends without release, as
 * scripts do.
 */
import { acquireEmbedded } from '../../src/embedded/embedded.ts'
import { embeddedPaths } from '../../src/embedded/paths.ts'
import { readServerFile } from '../../src/embedded/server-file.ts'

const [directory = '', then = 'hold'] = process.argv.slice(2)
const progress: string[] = []
try {
  const { port, pid, url, release } = await acquireEmbedded({
    directory,
    onProgress: (line) => progress.push(line),
    settings: { fsync: 'off' },
  })
  const supervisorPid = (await readServerFile(embeddedPaths(directory).serverFile))?.supervisorPid
  if (then === 'hold') {
    const staying = setInterval(() => {}, 60_000)
    process.on('SIGINT', () => {})
    process.on('SIGTERM', async () => {
      clearInterval(staying)
      await release()
      console.log('released')
    })
  }
  // The reader of this line may send the signal at once.
  console.log(JSON.stringify({ port, pid, url, supervisorPid, progress }))
  if (then === 'release') await Promise.all([release(), release()])
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  console.log(JSON.stringify({ error: { code, message } }))
}
