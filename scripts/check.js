// Runs everything that CI runs, the cheapest check first, and stops at the first failure.
import { spawnSync } from 'node:child_process'

const steps = [
  ['the code is formatted and free of lint', 'npm run --silent lint'],
  ['the types are right', 'npm run --silent types'],
  ['nothing is unused', 'npm run --silent knip'],
  ['the packages build', 'npm run --silent build'],
  ['the packed package works in another project', 'node scripts/check-package.js'],
  ['the packed package installs beside older libraries', 'node scripts/check-installs.js'],
  ['the packed package works in a bundle of Next.js', 'node scripts/check-bundles.js'],
  [
    'new projects install, pass their tests and start',
    'node scripts/check-starters.js --jobs=2 hono-pg-none express-drizzle-jwt',
  ],
  ['the tests pass', 'npm test'],
]

const skipped = new Set(process.argv.slice(2).map((argument) => argument.replace('--skip=', '')))
for (const [index, [promise, command]] of steps.entries()) {
  if (skipped.has(command)) continue
  console.log(`\n[${index + 1}/${steps.length}] ${promise}: ${command}`)
  const started = performance.now()
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit' })
  if (status !== 0) {
    console.error(`\n[${index + 1}/${steps.length}] failed: ${command}`)
    process.exit(1)
  }
  console.log(`    done in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
