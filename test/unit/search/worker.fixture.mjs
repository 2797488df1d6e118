// A worker process whose tasks do what they say, for the tests of the pool.
import { serveTasks } from '../../../dist/search/worker.js';

serveTasks(async (task, { signal, ask }) => {
  switch (task.do) {
    case 'answer':
      return { pid: process.pid, twice: task.value * 2 };
    case 'ask':
      return [await ask(1), await ask(2)];
    case 'throw':
      throw new Error('this went wrong');
    case 'exit':
      console.error('Error: out of something');
      return process.exit(7);
    case 'kill':
      return process.kill(process.pid, 'SIGKILL');
    case 'wait':
      await ask(process.pid);
      while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      return 'ended well';
    case 'hang':
      await ask(process.pid);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
});
