import { setTimeout as sleep } from "node:timers/promises";
import axios from "axios";
import { isFinal, jobSchema, startedJobSchema } from "../../src/api";
import { POLL_SECONDS } from "./flow";
import type { ServiceProcess } from "./service-process";
import { timedRequest } from "./timed-jobs";

/** The loop that one would write without a client: start, then poll every second. Returns the delay (ms) of each job. */
export async function runBareLoop({ url, fileId }: ServiceProcess, durations: number[]): Promise<number[]> {
  const http = axios.create({ baseURL: `${url}/api/v1/projects/default/context/vision/segment`, proxy: false });
  const delayOf = async (durationMs: number): Promise<number> => {
    const { jobId } = startedJobSchema.parse((await http.post("", timedRequest(fileId, durationMs))).data);
    for (;;) {
      await sleep(POLL_SECONDS * 1000);
      const job = jobSchema.parse((await http.get(`/${jobId}`)).data);
      if (isFinal(job.status)) return Date.now() - (job.statusTime ?? NaN);
    }
  };
  return Promise.all(durations.map(delayOf));
}
