/** Prints the number of passed and failed tests as the last line of a test run, for people and for CI. */
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      const tests = [...module.children.allTests()].map((test) => test.result().state);
      const failedHere = tests.filter((state) => state === 'failed').length;
      passed += tests.filter((state) => state === 'passed').length;
      // A file that cannot be loaded, or whose hooks fail, has no failed test. It counts as one.
      failed += failedHere === 0 && !module.ok() ? 1 : failedHere;
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  }
}
